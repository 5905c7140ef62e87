import { Anchor, Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Search } from './search.ts';

/** A link within the console: `href` begins with a slash, without `/console`. */
export function InnerLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Anchor component={Link} to={href} fz="inherit" fw={500}>
      {children}
    </Anchor>
  );
}

interface LinkButtonProps {
  to: string;
  search?: Search;
  /** Default: the page's main one. */
  variant?: 'filled' | 'default' | 'subtle';
  icon?: ReactNode;
  children: ReactNode;
}

/** A button that leads to a page, small where it is not the page's main one. */
export function LinkButton({ to, search = {}, variant = 'filled', icon, children }: LinkButtonProps) {
  // The routes do not say which parameters they know.
  const place: object = { search };
  return (
    <Button
      component={Link}
      to={to}
      {...place}
      size={variant === 'filled' ? 'sm' : 'xs'}
      variant={variant}
      leftSection={icon}
    >
      {children}
    </Button>
  );
}
