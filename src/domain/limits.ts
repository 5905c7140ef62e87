/** Every limit of the program, in one place. Sizes in bytes, times in milliseconds, unless the name says otherwise. */
export const limits = {
  /** A callback's body. */
  callbackBytesMax: 1_048_576,
  /** Any other request's body. */
  requestBytesMax: 4_194_304,
  /** All header bytes of a request together. */
  headerBytesMax: 32_768,
  /** Time to read a request's body from its first byte; a form with a file has it anew as long as so many bytes came within it. */
  bodyReadMs: 15_000,
  uploadBytesMin: 65_536,
  /** Time for a request's headers to arrive, and how long an idle connection is kept. */
  headersReadMs: 10_000,
  keepAliveMs: 65_000,
  /** Connections open at once; one more is closed at once. */
  connectionsMax: 8192,
  /** Callbacks between their first byte and their answer, and the bytes of their bodies; past it they are refused unread. */
  callbacksInFlight: 4096,
  callbacksInFlightBytes: 67_108_864,
  /**
   * How long a request should wait for the store at most. So many are let in as can be answered within it, as measured, but
   * never fewer than fill four transactions, nor more than this; past it sockets are left unread, for at most so long at once,
   * and then requests are refused unread.
   */
  waitMs: 60,
  requestsWaitingMin: 256,
  requestsWaitingMax: 4096,
  readingPausedMs: 50,
  /** Confirmations of what was sent (GET on an `hmac` account's callback URL), per account. */
  confirmationsPerSecond: 10,
  confirmationsBurst: 50,
  /** Unverified callbacks that have orders asked about, per account; how much of one is read for their numbers, and how many are looked up. */
  doorbellGapSeconds: 5,
  doorbellBurst: 5,
  doorbellBytes: 16_384,
  doorbellReferences: 64,
  /** Accounts, and references, that one expectation may name. */
  orderListMax: 100,
  /** Buckets in one answer of the funnel. */
  funnelBucketsMax: 10_080,
  /** Store gauges of /metrics are at most this old. */
  gaugesMs: 15_000,
  /** Notifications in one batch call. */
  publishBatchMax: 1000,
  /** `data` of a published notification. */
  notificationDataBytesMax: 65_536,
  idempotencyCharactersMax: 255,
  idempotencyDays: 7,
  /** Rows in one page of a list. */
  pageMax: 200,
  pageDefault: 50,
  /** A clock may have been set back so far, and commits have waited so long, without a list of a time missing what was made in it. */
  clockBackMs: 3_600_000,
  /** Of merchants with so many orders lists look at all of them; of those with more at what is newest, until there is enough. */
  fewOrders: 5000,
  /** The same of deliveries that are waiting or dead. */
  fewDeliveries: 5000,
  /** Facts in one callback. */
  factsPerCallbackMax: 1000,
  /** How far back, and how many pages, a provider's newest payments are looked through where it has no search by our number. */
  newestPaymentsDays: 7,
  newestPaymentsPagesMax: 10,
  /** A provider's bill, unpacked; one line of it; and how many bytes each byte of a packed one may become, past the first MiB. */
  statementBytesMax: 4_294_967_296,
  statementLineCharactersMax: 65_536,
  statementInflationMax: 200,
  /** How long a bill's file may take to come, fetched or uploaded. */
  statementMs: 3_600_000,
  /**
   * Reconciling a bill: rows that one decision takes and such decisions at once (they share transactions), the file it was
   * uploaded as and a piece of it in the store, the differences kept of one (all are counted), how long it stays a node's alone,
   * and how often it is begun anew. One decision of 250 rows took 3 ms a row on PostgreSQL: what it finds missing, it begins again.
   */
  reconciledRows: 16,
  reconciledBatches: 32,
  reconciledBytesMax: 1_073_741_824,
  reconciledChunkBytes: 262_144,
  differencesMax: 100_000,
  reconciliationLeaseMs: 60_000,
  reconciliationRunsMax: 10,
  /** So near the end of a day its provider's clock, and its hour of booking, may put a payment into the next day's bill. */
  dayEdgeMs: 7_200_000,
  /** Rows of one second that are held until it is over, where they belong together. */
  statementRowsHeld: 10_000,
  /** Refused callbacks kept per account and hour; past it they are only counted. */
  quarantinePerHour: 500,
  /** What an endpoint's answer may hold; the rest is cut off. */
  responseBytesMax: 65_536,
  responseBytesKept: 4096,
  /** Deadlines of a POST: to connect, to the first byte of the answer (unless the endpoint says otherwise), to read its body. */
  connectMs: 5000,
  endpointTimeoutMs: 10_000,
  endpointTimeoutMsMax: 60_000,
  responseBodyMs: 5000,
  /** Of an answer of a provider's own API: time to its first byte, its bytes, and of a bill's file the time between two pieces. */
  providerAnswerMs: 10_000,
  providerAnswerBytesMax: 1_048_576,
  providerChunkMs: 30_000,
  /** An account's provider is asked for keys at most this often, and for one that it does not know not for so long. */
  keyFetchGapMs: 60_000,
  keyUnknownMs: 600_000,
  keyFetchesKept: 10_000,
  /**
   * Asking providers: accounts worked at once by a process, of each account the asks under way at once and in a second on all nodes
   * together, the time for one ask with all of its references, and how many of those an order has at most.
   */
  askedAccountsInFlight: 16,
  asksUnderWayPerAccount: 2,
  asksPerSecondPerAccount: 5,
  askMs: 60_000,
  askReferencesMax: 20,
  /** The same while a person waits for the answer, and how soon it is looked again whether the account is free. */
  askWaitingMs: 5000,
  askTurnMs: 20,
  /** A callback whose payment the provider does not know is refused after this; a pending refund is asked about for so long. */
  notFoundMs: 3_600_000,
  refundAskedMs: 30 * 86_400_000,
  /** A refund is asked for no longer than this: platforms remember its idempotency key for a day at least, and past that might give twice. */
  refundTriesMs: 20 * 3_600_000,
  /** Past this an ask that nobody answers is told as an error. */
  askOverdueMs: 86_400_000,
  /** Deliveries on their way at once: per process, per endpoint by default, and of first sends the slots nobody else may take. */
  deliveriesInFlight: 256,
  endpointConcurrency: 32,
  /** Of one target that has not answered lately; each answer adds one, a failure begins anew. How long a pause leaves what it has. */
  concurrencyAtStart: 8,
  earnedConcurrencyMs: 1000,
  firstSendSlots: 64,
  /** Handlers and effects under way at once, per process, and of one effect: one that hangs leaves room for the others. */
  handlersInFlight: 16,
  effectsInFlight: 64,
  effectConcurrency: 16,
  /** Leased deliveries that wait in memory for a slot: in all, and of one lane. Past it they are given back. */
  deliveriesWaiting: 256,
  deliveriesWaitingPerLane: 64,
  /** Deliveries taken from one lane in one claim. */
  claimMax: 64,
  /** How much longer than its deadline a delivery stays leased. */
  leaseMarginMs: 10_000,
  /** Lost leases that cost no try; the sixth does. */
  freeRescues: 5,
  scheduleStepsMax: 64,
  scheduleStepMsMax: 7 * 86_400_000,
  /** Bounds within which an endpoint's Retry-After is believed. */
  retryAfterMsMax: 86_400_000,
  /** Failures in a row that open a lane's breaker, and how long it then stays open, at first and at most. */
  breakerFailures: 10,
  breakerOpenMs: 15_000,
  breakerOpenMsMax: 900_000,
  /** An endpoint that only failed for this long, and at least this often, is disabled. */
  failureBudgetMs: 5 * 86_400_000,
  failureBudgetAttempts: 50,
  /**
   * What waited while a target could not be reached goes out at this rate, doubled in each step of so long, up to the most; what came
   * since then does not wait behind it, and leaves it so much (in percent) of each claim.
   */
  drainPerSecond: 8,
  drainDoublesMs: 5000,
  drainPerSecondMax: 512,
  drainPercent: 25,
  /** A change of an endpoint's URL that is not answered for until then has failed. */
  urlChangeMs: 120_000,
  /** How long an old secret may be kept beside a new one before it ends by itself. */
  overlapMsMax: 90 * 86_400_000,
  /** A handler's time on the embedded store, where batches take turns with it, and on PostgreSQL; and anywhere for an effect. */
  handlerMs: 250,
  handlerMsPostgres: 30_000,
  effectMs: 30_000,
  expectMs: 500,
  /** Operations in one transaction of the store, and what may wait for it. */
  commitRows: 64,
  commitBytes: 8_388_608,
  /** Rows of history that one transaction deletes, and orders with all that belongs to them. */
  retainedRows: 500,
  retainedOrders: 20,
  storeQueueRows: 8192,
  /** Connections of one node on PostgreSQL: for batches, for operations that wait for others, for reads. */
  batchesInFlight: 4,
  aloneInFlight: 2,
  readsInFlight: 3,
  storeQueueBytes: 134_217_728,
  readMs: 2000,
  readQueue: 1024,
  /** How long parked money waits before a discrepancy tells a person. */
  parkedMs: 900_000,
  /** An expectation without `expires_at` counts as expired after this. */
  expectationMs: 86_400_000,
  /** A reading of the clock that differs more from the store's than this makes the node unready. */
  clockDriftMs: 5000,
  /** How long bytes of callbacks, payloads and attempts are kept unless the operator says otherwise. */
  retentionDays: 90,
  /** What makes an effect happen once (orders with their facts, links and marks) is kept this long after the order was final. */
  historyDays: 400,
  /** How long a viewer of the stream can be away and go on where it was. */
  commitsKeptMs: 86_400_000,
  /**
   * Viewers of the stream at one process, and of one key among them; what may wait to be sent to one before it is cut off; how often
   * each is sent a sign of life, and its key looked at again; and how long one may take nothing.
   */
  streamViewersMax: 64,
  streamViewersPerKey: 16,
  streamUnsentBytesMax: 2_097_152,
  streamBeatMs: 5000,
  streamStuckMs: 30_000,
  /** A nonce outlives any replay window that an account can have; refused callbacks are kept for a look at them. */
  nonceDays: 30,
  /** Reconciliations with their differences. */
  reconciliationDays: 400,
  /** Waiting deliveries that are looked at for the money at risk. */
  backlogCounted: 50_000,
  /** The newest facts found by asking or in bills, among which alerts look for those that no callback told. */
  foundCounted: 50_000,
  /** Transactions whose attempts one seal covers, and seals among which one attempt's is looked for. */
  sealedTransactions: 64,
  sealsSearched: 3600,
  /** How long a person stays signed in. */
  sessionMs: 12 * 3_600_000,
  /** Sign-ins of one address: so many at once, and so many per second. */
  signInBurst: 20,
  signInGapSeconds: 5,
  /** Between going to the identity provider and coming back. */
  signInAwayMs: 10 * 60_000,
  /** The address within the console that is remembered meanwhile: sealed, it must fit in a cookie. */
  consolePathCharactersMax: 2000,
  /** The name of a person, with the claim that names them. */
  personCharactersMax: 300,
  /** Stop waits this long for work in flight. */
  drainMs: 10_000,
  /** Ways in which one refused request is opened to find out why, and the bytes of all of them; and other accounts tried. */
  diagnosisOpens: 200,
  diagnosisBytes: 8_388_608,
  diagnosisAccounts: 50,
  credentialIdCharactersMax: 64,
  secretsPerCredential: 8,
  merchantEndpointsMax: 100,
  /** Notifications that a replay takes in one transaction, and replays that a node works side by side. */
  replayStep: 50,
  replaysAtOnce: 8,
  /** Callbacks read again at once, how long a node has for these, and differences that one replay keeps. */
  rereadStep: 20,
  rereadLeaseMs: 30_000,
  rereadsMax: 100_000,
} as const;
