// Takes webhooks, once each: node receiver.mjs DATABASE PORT (Node 22.13 or later, for node:sqlite), with the secrets in
// WEBHOOK_SECRETS, parted by blanks.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

const windowSeconds = 300;
const maxBody = 1 << 20;

// whsec_ and standard base64, as `integrationsctl secrets generate` makes it; anything else stops the program.
function keyOf(secret) {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  // Buffer.from() takes whatever it can make something of.
  if (secret !== `whsec_${key.toString('base64')}` || key.length === 0) throw new Error('a secret is not whsec_<base64>');
  return key;
}

function isGenuine(keys, headers, body, now) {
  const id = headers['webhook-id'];
  const sentAt = headers['webhook-timestamp'];
  if (!id || !/^[0-9]{1,12}$/.test(sentAt ?? '') || Math.abs(now - Number(sentAt)) > windowSeconds) return false;
  const tokens = (headers['webhook-signature'] ?? '').split(' ').map((token) => Buffer.from(token));
  return keys.some((key) => {
    const mac = createHmac('sha256', key).update(`${id}.${sentAt}.`).update(body).digest('base64');
    const expected = Buffer.from(`v1,${mac}`);
    return tokens.some((token) => token.length === expected.length && timingSafeEqual(token, expected));
  });
}

// Remembers each webhook-id in the transaction that does the work, so that neither is there without the other.
class Inbox {
  constructor(path) {
    this.database = new DatabaseSync(path);
    this.database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA busy_timeout = 10000;
      CREATE TABLE IF NOT EXISTS seen (webhook_id TEXT PRIMARY KEY, seen_at INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS alerts (webhook_id TEXT NOT NULL, body BLOB NOT NULL);`);
    this.remember = this.database.prepare('INSERT OR IGNORE INTO seen VALUES (?, ?)');
    this.work = this.database.prepare('INSERT INTO alerts VALUES (?, ?)'); // your own work stands here
  }

  take(id, body, now) {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      if (this.remember.run(id, Math.floor(now)).changes === 1) this.work.run(id, body);
      this.database.exec('COMMIT');
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }
}

// The raw body: what a framework has parsed and written anew no longer fits the signature. null: it is too large.
async function bodyOf(request) {
  const parts = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > maxBody) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const [database, port] = process.argv.slice(2);
const keys = process.env.WEBHOOK_SECRETS.split(' ').map(keyOf);
const inbox = new Inbox(database);

async function answer(request) {
  if (request.method !== 'POST') return 405;
  if (Number(request.headers['content-length']) > maxBody) return 413;
  const body = await bodyOf(request);
  if (body === null) return 413;
  const now = Date.now() / 1000;
  if (!isGenuine(keys, request.headers, body, now)) return 401; // the sender fetches its secret anew and tries again
  inbox.take(request.headers['webhook-id'], body, now);
  return 204;
}

const server = createServer((request, response) => {
  answer(request)
    .catch((error) => {
      console.error('not stored:', error.message);
      return 503;
    })
    .then((status) => {
      if (status === 413) response.setHeader('connection', 'close');
      response.writeHead(status).end();
    });
});
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
