/** Where `dev` serves the demo shop. */
export const shopPath = '/shop';
