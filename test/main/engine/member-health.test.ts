import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../../src-main/engine/monitors/agent.ts';
import { conclude, firstTrack, nextTrack, type Track } from '../../../src-main/engine/monitors/member-health.ts';
import type { Verdict } from '../../../src-main/engine/monitors/monitor.ts';

const pass: Verdict = { isPassing: true, result: '' };
const fail: Verdict = { isPassing: false, result: '' };

function after(verdicts: readonly Verdict[], rule = { rise: 2, fall: 3 }): Track {
  return verdicts.reduce((track, verdict) => nextTrack(track, verdict, rule), firstTrack);
}

function agent(...lines: readonly string[]): Track {
  return after(lines.map((line) => readAnswer(Buffer.from(line))));
}

describe('rise and fall', () => {
  it('takes one pass to come up at first, then fall failures in a row to go down, and rise passes to come back', () => {
    expect(after([]).health).toBe('checking');
    expect(after([pass]).health).toBe('up');
    expect(after([pass, fail, fail]).health).toBe('up');
    expect(after([pass, fail, fail, pass, fail, fail]).health).toBe('up');
    expect(after([fail, fail, fail]).health).toBe('down');
    expect(after([fail, fail, fail, pass]).health).toBe('down');
    expect(after([fail, fail, fail, pass, fail, pass]).health).toBe('down');
    expect(after([fail, fail, fail, pass, pass]).health).toBe('up');
  });

  it('counts what contradicts the state, so that the next check can come sooner', () => {
    expect(after([pass, fail]).streak).toBe(1);
    expect(after([pass, fail, pass]).streak).toBe(0);
    expect(after([fail, fail, fail, pass]).streak).toBe(1);
  });

  it('drains while the answer asks for it, and not a check longer', () => {
    const drain = { ...pass, isDraining: true };
    expect(after([drain])).toMatchObject({ health: 'up', isDraining: true });
    expect(after([drain, pass]).isDraining).toBe(false);
  });
});

describe('the words of an agent', () => {
  it('change health by rise and fall like any other check', () => {
    expect(agent('up\n').health).toBe('up');
    expect(agent('up', 'down # disk full', 'failed', 'stopped').health).toBe('down');
  });

  it('leave standing what they do not say', () => {
    expect(agent('up 75%\n', 'drain', '50%')).toMatchObject({ health: 'up', isDraining: true, weightPercent: 50 });
    expect(agent('up drain', 'up')).toMatchObject({ isDraining: true });
    expect(agent('up drain', 'ready')).toMatchObject({ isDraining: false, isStopping: false });
    expect(agent('drain', 'maint')).toMatchObject({ isDraining: false, isStopping: true });
    expect(agent('up', 'up ready 30% maxconn:20 # all, is well')).toMatchObject({ health: 'up', weightPercent: 30 });
  });

  it('say nothing where one of them is no word, or there is none', () => {
    for (const line of ['', '#', 'up sideways', 'HTTP/1.0 400 Bad Request', '-5%', '\xff\0']) {
      expect(readAnswer(Buffer.from(line, 'latin1'))).toMatchObject({ saysNoHealth: true });
      expect(agent('up 75% drain', line)).toEqual(agent('up 75% drain'));
    }
  });

  it('keep what they show of themselves clean', () => {
    expect(readAnswer(Buffer.from('up # \x1b[31mred\r')).result).toBe('up #  [31mred');
  });
});

describe('all monitors of a member together', () => {
  const [up, down, checking] = [after([pass]), after([fail, fail, fail]), firstTrack];

  it('must all pass, or as many as are required', () => {
    expect(conclude([up, up], 0).health).toBe('up');
    expect(conclude([up, down], 0).health).toBe('down');
    expect(conclude([up, checking], 0).health).toBe('checking');
    expect(conclude([up, down], 1).health).toBe('up');
    expect(conclude([checking, down], 1).health).toBe('checking');
    expect(conclude([up, down, down], 2).health).toBe('down');
    expect(conclude([up], 5).health).toBe('up');
  });

  it('drain it at a weight of 0 %', () => {
    expect(conclude([up, agent('0%')], 0)).toMatchObject({ isDrainAsked: true, weightPercent: 0 });
    expect(conclude([up, agent('1%')], 0)).toMatchObject({ isDrainAsked: false, weightPercent: 1 });
  });
});
