import { expect, test } from 'vitest';
import { mibOf } from '../../../../src-main/simulate/f5/mib.ts';
import { shop, startShop } from './shop.ts';

const script = `when HTTP_REQUEST {
    # { a brace in a comment that is closed }
    if { [HTTP::uri] starts_with "/a" } {
        pool web
    }
}`;

test('a rule is kept as it was typed, assigned by its name, and stays while it is used', () => {
  const { appliance, tmsh } = startShop();
  expect(tmsh.run(`create ltm rule r1 {\n${script}\n}`)).toMatchObject({ text: '', error: '' });
  expect(tmsh.run('list ltm rule r1').text).toBe(`ltm rule r1 {\n${script}\n}\n`);
  expect(appliance.running()).toContain(`ltm rule /Common/r1 {\n${script}\n}\n`);
  expect(tmsh.run('modify ltm virtual shop rules { r1 }').error).toBe('');
  expect(tmsh.run('list ltm virtual shop rules').text).toContain('    rules {\n        r1\n    }\n');
  expect(tmsh.run('delete ltm rule r1').error).toBe(
    '01070265:3: The rule (/Common/r1) cannot be deleted because it is in use by a Virtual Server (/Common/shop).\n',
  );
  expect(tmsh.run('modify ltm virtual shop rules none; delete ltm rule r1').error).toBe('');
  expect(tmsh.run('modify ltm virtual shop rules { r1 }').error).toBe(
    '01020036:3: The requested rule (/Common/r1) was not found.\n',
  );
});

test('a rule changes as a whole, in a transaction too, and one that is no script is refused', () => {
  const { appliance, tmsh } = startShop();
  tmsh.run(`create ltm rule r1 {\n${script}\n}`);
  for (const line of [
    'create cli transaction',
    'modify ltm rule r1 {\nwhen CLIENT_ACCEPTED {\n    pool web\n}\n}',
    'modify ltm virtual shop rules { r1 }',
    'submit cli transaction',
  ]) {
    expect([line, tmsh.run(line).error]).toEqual([line, '']);
  }
  expect(appliance.running()).toContain('ltm rule /Common/r1 {\nwhen CLIENT_ACCEPTED {\n    pool web\n}\n}\n');
  expect(tmsh.run('create ltm rule r2 {\nfrob it\n}').error).toBe(
    '01070151:3: Rule [/Common/r2] error: /Common/r2:1: error: [undefined procedure: frob][frob it]\n',
  );
});

test('a policy is made, assigned and protected while it is used', () => {
  const { tmsh } = startShop();
  expect(
    tmsh.run(
      'create ltm policy p1 strategy first-match requires add { http } controls add { forwarding } rules add { r { ordinal 1 conditions add { 0 { http-uri path starts-with values { /a } } } actions add { 0 { forward select pool web } } } }',
    ).error,
  ).toBe('');
  expect(tmsh.run('modify ltm virtual shop policies add { p1 }').error).toBe('');
  expect(tmsh.run('list ltm policy p1').text).toMatch(/actions \{\n +0 \{\n +forward\n +pool web\n +select\n/);
  expect(tmsh.run('delete ltm policy p1').error).toMatch(/^01070265:3: The policy/);
});

test('what is typed into load sys config from-terminal is checked, and merged unless it is to be verified', () => {
  const { appliance, tmsh } = startShop();
  const before = appliance.running();
  const text = 'ltm pool /Common/typed {\n    load-balancing-mode ratio-member\n}\n';
  const verify = tmsh.run('load sys config from-terminal merge verify');
  expect(verify.text).toBe('Enter configuration. Press CTRL-D to submit or CTRL-C to cancel.\n');
  expect(verify.takes?.(text)).toMatchObject({ text: 'Validating configuration...\n', error: '' });
  expect(appliance.running()).toBe(before);
  expect(tmsh.run('load sys config from-terminal merge verify').takes?.(text.replace('ratio', 'rate')).error).toContain(
    'Unexpected Error: Validating configuration process failed.\n',
  );
  expect(tmsh.run('load sys config from-terminal merge').takes?.(text)).toMatchObject({ error: '' });
  expect(appliance.running()).toContain(text);
  const rule = `ltm rule /Common/r1 {\n${script}\n}\n`;
  tmsh.run('load sys config from-terminal merge').takes?.(rule);
  expect(appliance.running()).toContain(rule);
});

test.each([
  ['10.2.4', /^Linux /, [1, 2, 3, 4]],
  ['12.1.4', /^Linux /, [1, 19, 4]],
  ['15.1.8.2', /software release 15\.1\.8\.2/, [1, 19, 4]],
])('SNMP of %s has the layout of its release', (version, description, index) => {
  const { appliance } = startShop({ config: shop.replace('15.1.8.2', version) });
  const { scalars, tables } = mibOf(appliance);
  expect(scalars.find(({ oid }) => oid === '1.3.6.1.2.1.1.1')?.value.value).toMatch(description);
  expect(tables.find(({ oid }) => oid === '1.3.6.1.4.1.3375.2.2.5.3.2.1')?.index).toEqual(index);
});
