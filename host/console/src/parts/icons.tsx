import type { ReactNode } from 'react';

// Drawn on a grid of 16, in the colour of the text around them. Decoration: the words beside them carry the meaning.
function drawn(shape: ReactNode) {
  return function Icon({ size = 16 }: { size?: number }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.6}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
      >
        {shape}
      </svg>
    );
  };
}

export const IconRefresh = drawn(<path d="M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 1.8v2.7h-2.7" />);
export const IconCopy = drawn(
  <path d="M5.5 5.5V3a1 1 0 0 1 1-1H13a1 1 0 0 1 1 1v6.5a1 1 0 0 1-1 1h-2.5M3 5.5h6.5a1 1 0 0 1 1 1V13a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1V6.5a1 1 0 0 1 1-1z" />,
);
export const IconDone = drawn(<path d="M3 8.5l3.2 3.2L13 4.8" />);
export const IconClose = drawn(<path d="M4 4l8 8M12 4l-8 8" />);
export const IconSearch = drawn(<path d="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7L14 14" />);
export const IconSun = drawn(
  <path d="M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7" />,
);
export const IconMoon = drawn(<path d="M13.5 9.3A5.8 5.8 0 0 1 6.7 2.5a5.8 5.8 0 1 0 6.8 6.8z" />);
export const IconLeave = drawn(<path d="M6.5 2.5H3v11h3.5M6.5 8H14M11 5l3 3-3 3" />);
export const IconDown = drawn(<path d="M4 6.5L8 10.5l4-4" />);
export const IconBack = drawn(<path d="M10 3.5L5.5 8l4.5 4.5" />);
export const IconPlus = drawn(<path d="M8 3v10M3 8h10" />);

// What became of deliveries and attempts: told apart by shape, not by colour alone.
export const GlyphDelivered = drawn(<path d="M2.5 8.5l3.5 3.5 7.5-8" strokeWidth={2.2} />);
export const GlyphRetry = drawn(<path d="M8 4.5V8l2.5 1.5M14 8A6 6 0 1 1 8 2" strokeWidth={2} />);
export const GlyphFailed = drawn(<path d="M4 4l8 8M12 4l-8 8" strokeWidth={2.4} />);
export const GlyphDead = drawn(<path d="M3.5 14V7a4.5 4.5 0 0 1 9 0v7zM6.3 7.5h3.4M8 6v5" strokeWidth={1.7} />);
export const GlyphPending = drawn(<circle cx="8" cy="8" r="5.2" strokeWidth={2} />);
export const GlyphDelivering = drawn(<path d="M2.5 8h10M9 4.2L12.8 8 9 11.8" strokeWidth={2.2} />);
export const GlyphHeld = drawn(<path d="M5.5 3v10M10.5 3v10" strokeWidth={2.6} />);
