import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

/** A link within the console: `href` begins with a slash, without `/console`. */
export function InnerLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Anchor component={Link} to={href} fz="inherit" fw={500}>
      {children}
    </Anchor>
  );
}
