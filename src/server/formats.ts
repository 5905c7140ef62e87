import { AppError } from '../domain/errors.ts';
import { providerByName, providers } from '../providers/index.ts';
import type { Provider } from '../providers/provider.ts';

/** The provider of that name, for commands. @throws AppError `provider.unknown` */
export function formatNamed(name: string): Provider {
  const provider = providerByName(name);
  if (provider !== undefined) return provider;
  const names = providers.map((one) => one.name).join(', ');
  throw new AppError(
    'provider.unknown',
    `there is no provider ${JSON.stringify(name.slice(0, 40))}; there are ${names}`,
  );
}
