import { client, unwrap } from '../api/client';

// The trail as signed JSON Lines, saved by the browser. A request brings up to 10,000 records; the daemon's command line
// exports more.
export async function exportAudit(): Promise<void> {
  const text = await unwrap(client.GET('/audit/export', { parseAs: 'text' }));
  const address = URL.createObjectURL(new Blob([text as unknown as string], { type: 'application/x-ndjson' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = `audit-${new Date().toISOString().slice(0, 19).replaceAll(':', '')}.ndjson`;
  link.click();
  URL.revokeObjectURL(address);
}
