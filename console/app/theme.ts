import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

const pine: MantineColorsTuple = [
  '#effaf8',
  '#d8f1ec',
  '#b0e2d9',
  '#82d0c3',
  '#53b9a9',
  '#2f9e8e',
  '#1b8376',
  '#0f6a60',
  '#0d554e',
  '#0b4640',
];
const slate: MantineColorsTuple = [
  '#c9d1d9',
  '#b1bac4',
  '#8b949e',
  '#6e7681',
  '#39424e',
  '#2a323d',
  '#1f2630',
  '#161c25',
  '#10151d',
  '#0b0f15',
];
const ink: MantineColorsTuple = [
  '#f7f9fa',
  '#f0f3f5',
  '#e5eaee',
  '#d6dde3',
  '#c2cbd4',
  '#93a0ad',
  '#66737f',
  '#4b5763',
  '#323c47',
  '#1a222b',
];

/** Calm and dense: one accent, small corners, one size of text for everything that is read. */
export const theme = createTheme({
  primaryColor: 'pine',
  // White letters stand on both.
  primaryShade: { light: 7, dark: 6 },
  colors: { pine, dark: slate, gray: ink },
  // Who asks for less motion gets none.
  respectReducedMotion: true,
  autoContrast: true,
  luminanceThreshold: 0.36,
  defaultRadius: 'sm',
  cursorType: 'pointer',
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans SC", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Noto Sans Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  lineHeights: { xs: '1.4', sm: '1.45', md: '1.5', lg: '1.5', xl: '1.4' },
  spacing: { xs: '0.5rem', sm: '0.75rem', md: '1rem', lg: '1.5rem', xl: '2rem' },
  headings: {
    fontWeight: '600',
    sizes: { h1: { fontSize: '1.375rem', lineHeight: '1.3' }, h2: { fontSize: '1rem', lineHeight: '1.4' } },
  },
  components: {
    Button: {
      defaultProps: { size: 'sm' },
      // By itself the text of a main button is white, which the accent of the dark is too light for.
      vars: (_: unknown, { color, variant }: { color?: string; variant?: string }) =>
        color === undefined && (variant === undefined || variant === 'filled')
          ? { root: { '--button-color': 'var(--mantine-primary-color-contrast)' } }
          : { root: {} },
    },
    TextInput: { defaultProps: { size: 'sm' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    Textarea: { defaultProps: { size: 'sm' } },
    Select: { defaultProps: { size: 'sm', comboboxProps: { shadow: 'md' } } },
    SegmentedControl: { defaultProps: { size: 'xs' } },
    Badge: { defaultProps: { variant: 'light', radius: 'sm', tt: 'none', fw: 500 } },
    Modal: { defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.4 } } },
    Tooltip: { defaultProps: { openDelay: 200, withArrow: true } },
    Menu: { defaultProps: { shadow: 'md' } },
    Paper: { defaultProps: { radius: 'md' } },
  },
});

const readable = {
  '--mantine-color-error': 'var(--bad)',
  '--mantine-color-dimmed': 'var(--soft)',
  '--mantine-color-placeholder': 'var(--soft)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-green-light-color': 'var(--good)',
  '--mantine-color-orange-light': 'light-dark(#fff3e0, #2c2113)',
  '--mantine-color-orange-light-color': 'var(--warn)',
  '--mantine-color-red-filled': '#c02f37',
  '--mantine-color-red-filled-hover': '#a8262e',
  '--mantine-color-red-light': 'light-dark(#fdecec, #33191d)',
  '--mantine-color-red-light-color': 'var(--bad)',
  '--mantine-color-blue-light-color': 'light-dark(#1c55ab, #8fbaff)',
  '--mantine-color-gray-light-color': 'light-dark(#4a5661, #aab4bf)',
};

/** Where the library's colours have too little contrast for small text, ours stand in. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({ variables: {}, light: readable, dark: readable });
