import { ActionIcon } from '@mantine/core';
import { useEffect, useState } from 'react';
import { copyText } from './clipboard';
import { IconCopy, IconDone, IconClose } from './icons';

const shownFor = 1_600;

export function Copy({ name, value }: { name: string; value: string }) {
  const [result, setResult] = useState<'copied' | 'failed' | null>(null);
  useEffect(() => {
    if (result === null) return;
    const timer = setTimeout(() => setResult(null), shownFor);
    return () => clearTimeout(timer);
  }, [result]);
  return (
    <>
      <ActionIcon
        className="no-print"
        variant="subtle"
        size={24}
        aria-label={`Copy ${name} ${value}`}
        title={`Copy ${name}`}
        onClick={(event) => {
          event.stopPropagation(); // a row around it is not meant
          void copyText(value).then((done) => setResult(done ? 'copied' : 'failed'));
        }}
      >
        {result === 'copied' ? (
          <IconDone size={14} />
        ) : result === 'failed' ? (
          <IconClose size={14} />
        ) : (
          <IconCopy size={14} />
        )}
      </ActionIcon>
      <span className="unseen" role="status">
        {result === 'copied' ? `${name} copied` : result === 'failed' ? 'The browser did not allow copying' : ''}
      </span>
    </>
  );
}
