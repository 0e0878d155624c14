// Usage: node run.mjs MODE SOCKET_FOLDER DATABASE USER URL JOBS
// Drains JOBS prefilled jobs, each an HMAC-signed POST of 512 bytes, and prints {"mode","jobs","seconds"}.
// The clock runs from the first request to the last job's completion in the database.
import { createHmac } from "node:crypto";
import pg from "pg";
import { Pool } from "undici";

const [mode, host, database, user, url, count] = process.argv.slice(2);
const jobs = Number(count);
const origin = new URL(url);
const http = new Pool(origin.origin, { connections: 256, pipelining: 1 });
const key = Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64");
const body = JSON.stringify({ alert_id: "A-1", text: "x".repeat(480) });
const connection = { host, database, user, max: 24 };
const pool = new pg.Pool(connection);

let started = 0;
async function deliver(id) {
  started ||= performance.now();
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  const response = await http.request({
    path: origin.pathname, method: "POST", body,
    headers: { "content-type": "application/json", "webhook-id": `msg_${id}`, "webhook-timestamp": timestamp,
               "webhook-signature": `v1,${signature}` },
  });
  await response.body.dump();
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
}

async function untilEmpty(query) {
  for (;;) {
    const { rows } = await pool.query(query);
    if (Number(rows[0].count) === 0) return performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function graphile({ options, attempts }) {
  const { run, makeWorkerUtils } = await import("graphile-worker");
  const utils = await makeWorkerUtils({ pgPool: pool });
  await utils.migrate();
  await pool.query(
    "select count(*) from (select graphile_worker.add_job('deliver', json_build_object('id', i)) from generate_series(1, $1::int) i) j", [jobs]);
  if (attempts)
    await pool.query("create table attempts (id bigserial primary key, job bigint, status int, at timestamptz default now())");
  await pool.query("vacuum analyze");
  const runner = await run({
    pgPool: pool, noHandleSignals: true, ...options,
    taskList: {
      deliver: async (payload, helpers) => {
        await deliver(payload.id);
        if (attempts) await helpers.query("insert into attempts (job, status) values ($1, 200)", [payload.id]);
      },
    },
  });
  const ended = await untilEmpty("select count(*) from (select 1 from graphile_worker._private_jobs limit 1) j");
  await runner.stop();
  await utils.release();
  return ended;
}

async function pgBoss() {
  const { default: PgBoss } = await import("pg-boss");
  const boss = new PgBoss({ ...connection, max: 12, noSupervisor: true, noScheduling: true });
  await boss.start();
  for (let at = 0; at < jobs; at += 1000)
    await boss.insert(Array.from({ length: Math.min(1000, jobs - at) }, (_, i) => ({ name: "deliver", data: { id: at + i } })));
  await pool.query("vacuum analyze");
  const size = 500;
  await boss.work("deliver", { batchSize: size, newJobCheckInterval: 100 }, async (batch) => {
    await Promise.all(batch.map((job) => deliver(job.data.id)));
  });
  for (let i = 1; i < 4; i++)
    await boss.work("deliver", { batchSize: size, newJobCheckInterval: 100 }, async (batch) => {
      await Promise.all(batch.map((job) => deliver(job.data.id)));
    });
  const ended = await untilEmpty("select count(*) from (select 1 from pgboss.job where name = 'deliver' and state < 'completed' limit 1) j");
  await boss.stop({ graceful: false });
  return ended;
}

const modes = {
  "graphile-tuned": () => graphile({ options: { concurrency: 256, pollInterval: 100,
    preset: { worker: { concurrentJobs: 256, localQueue: { size: 500 }, completeJobBatchDelay: 5, failJobBatchDelay: 5 } } } }),
  "graphile-default": () => graphile({ options: { concurrency: 24 } }),
  "graphile-attempts": () => graphile({ attempts: true, options: { concurrency: 256, pollInterval: 100,
    preset: { worker: { concurrentJobs: 256, localQueue: { size: 500 }, completeJobBatchDelay: 5, failJobBatchDelay: 5 } } } }),
  "pg-boss": pgBoss,
};

const ended = await modes[mode]();
console.log(JSON.stringify({ mode, jobs, seconds: (ended - started) / 1000 }));
process.exit(0);
