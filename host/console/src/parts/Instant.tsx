import { instant } from '../format/time';

export function Instant({ at }: { at: string }) {
  return (
    <time dateTime={at} title={at}>
      {instant(new Date(at))}
    </time>
  );
}
