// The demo in its end state, with the daemon still running: what ./dev run leaves a person with.
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';

const ready = /log {7}\S+/; // the last line of its invitation
const patience = 170_000;

export async function startDemo({ programs, store, state }) {
  const child = spawn(`${programs}/opi-demo`, ['--state', state, ...(store === 'postgres' ? ['--postgres'] : [])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`the demo does not get ready:\n${output}`)), patience);
    const settle = (act) => {
      clearTimeout(timer);
      act();
    };
    child.stdout.on('data', (text) => {
      output += text;
      if (ready.test(output)) settle(resolve);
    });
    void ended.then((code) => settle(() => reject(new Error(`the demo ended with ${code}:\n${output}`))));
  }).catch((failure) => {
    child.kill('SIGKILL');
    throw failure;
  });

  const link = (who) => {
    const found = new RegExp(`^ +${who} +(\\S+#token=\\S+)$`, 'm').exec(output);
    if (!found) throw new Error(`the demo prints no sign-in link for ${who}:\n${output}`);
    return found[1];
  };
  return {
    link,
    origin: new URL(link('system_admin')).origin,
    receiverPort: /the receiver on port (\d+)/.exec(output)[1],
    // Hands an event in, as a producer of the tenant.
    async publish(tenant, event) {
      const control = ['--config', join(state, 'integrationsd.conf')];
      const issue = ['token', 'issue', '--tenant', tenant, '--role', 'producer'];
      const token = execFileSync(`${programs}/integrationsctl`, [...control, ...issue], { encoding: 'utf8' }).trim();
      const answer = await fetch(`${new URL(link('system_admin')).origin}/api/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(event),
      });
      if (answer.status !== 202) throw new Error(`the event is not taken: ${answer.status} ${await answer.text()}`);
    },
    async stop() {
      child.kill('SIGINT');
      const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
      const code = await ended;
      clearTimeout(timer);
      return { code, output };
    },
  };
}
