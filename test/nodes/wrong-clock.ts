// Loaded before everything else of a node: its machine's clock is an hour fast.
const now = Date.now;
Date.now = () => now() + 3_600_000;
