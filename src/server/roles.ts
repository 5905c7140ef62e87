import { AppError } from '../domain/errors.ts';
import { type Role, roles } from '../domain/merchant.ts';

/** Whoever has this value in this claim has this role. */
export interface RoleRule {
  claim: string;
  value: string;
  role: Role;
}

/** What an identity provider says of a person. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * Reads `groups:payments=operator`. Some providers ask that claims be named by URLs, so a claim may begin with one.
 *
 * @throws AppError `config.invalid`
 */
export function parseRoleRule(text: string): RoleRule {
  const [, claim, value, name] = /^((?:https?:\/\/)?[^:=\s]+):(.+)=(\w+)$/.exec(text) ?? [];
  const role = roles.find((one) => one === name);
  if (claim === undefined || value === undefined || role === undefined)
    throw new AppError('config.invalid', `a role is written as <claim>:<value>=<${roles.join('|')}>`);
  return { claim, value, role };
}

/** As it is written in the configuration. */
export function roleRuleText({ claim, value, role }: RoleRule): string {
  return `${claim}:${value}=${role}`;
}

/** The highest role that a claim gives; null: none does. */
export function roleOf(claims: Claims, rules: readonly RoleRule[]): Role | null {
  const given = rules.filter(({ claim, value }) => [claims[claim]].flat().includes(value)).map(({ role }) => role);
  return roles.findLast((role) => given.includes(role)) ?? null;
}
