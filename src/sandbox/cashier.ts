import { createHash } from 'node:crypto';
import { type Context, Hono } from 'hono';
import { AppError } from '../domain/errors.ts';
import { cashierPage, cashierStyle, missingPage, noticePage } from './cashier-page.ts';
import { languageOf, texts } from './cashier-texts.ts';
import { faultsSchema } from './faults.ts';
import { readForm } from './http.ts';
import type { Payments } from './payments.ts';
import type { Payment } from './records.ts';
import { parsed } from './requests.ts';

/**
 * The pages where a person pays, fails or leaves. They need no API key, like a real cashier: whoever has the unguessable address
 * may pay. They work without scripts.
 */
export function createCashier({ payments }: { payments: Payments }): Hono {
  const app = new Hono();
  app.get('/sandbox/cashier/:id', async (context) => {
    const language = languageIn(context);
    const payment = await found(() => payments.find(context.req.param('id')));
    if (payment === null) return page(context, missingPage(language), { status: 404, payment });
    return page(context, cashierPage(payment, language), { status: 200, payment });
  });

  app.post('/sandbox/cashier/:id', async (context) => {
    const language = languageIn(context);
    if (isForeign(context))
      return page(context, noticePage(language, texts[language].foreign), { status: 403, payment: null });
    const form = await readForm(context);
    const move = form.do === 'pay' ? 'pay' : form.do === 'fail' ? 'fail' : null;
    if (move === null)
      return page(context, noticePage(language, texts[language].unknownMove), { status: 422, payment: null });
    const faults = parsed(faultsSchema, {
      duplicate: Number(form.duplicate ?? 1),
      drop: form.drop === 'on',
      wrong_signature: form.wrong_signature === 'on',
    });
    const payment = await found(() => payments.move(context.req.param('id'), { is: move }, faults));
    if (payment === null) return page(context, missingPage(language), { status: 404, payment });
    return context.redirect(payment.returnUrl ?? `/sandbox/cashier/${payment.id}`, 303);
  });

  app.onError((error, context) => {
    if (!(error instanceof AppError)) throw error;
    // A second click on a payment that is already paid, mostly: the page says what is so.
    return page(context, noticePage(languageIn(context), error.detail), {
      status: error.entry.status === 409 ? 409 : 422,
      payment: null,
    });
  });
  return app;
}

/** null where there is no such payment. */
async function found(find: () => Promise<Payment>): Promise<Payment | null> {
  try {
    return await find();
  } catch (error) {
    // A wrong address is a page of its own; anything else is not for us.
    if (error instanceof AppError && error.code === 'sandbox.unknown') return null;
    throw error;
  }
}

/** A form that another site's page sends: browsers say where it comes from. */
function isForeign(context: Context): boolean {
  const site = context.req.header('sec-fetch-site');
  if (site !== undefined) return !['same-origin', 'none'].includes(site);
  const origin = context.req.header('origin');
  return origin !== undefined && URL.parse(origin)?.host !== context.req.header('host');
}

function languageIn(context: Context) {
  return languageOf(context.req.header('accept-language') ?? '');
}

const styleHash = createHash('sha256').update(cashierStyle).digest('base64');

function page(
  context: Context,
  html: string,
  { status, payment }: { status: 200 | 403 | 404 | 409 | 422; payment: Payment | null },
): Response {
  // A browser applies form-action to the redirect that follows as well.
  const back = payment?.returnUrl == null ? '' : ` ${new URL(payment.returnUrl).origin}`;
  context.header(
    'content-security-policy',
    `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'${back}; base-uri 'none'; frame-ancestors 'none'`,
  );
  context.header('cache-control', 'no-store');
  context.header('referrer-policy', 'same-origin');
  context.header('x-content-type-options', 'nosniff');
  context.header('vary', 'accept-language');
  return context.html(html, status);
}
