import { TestPlayback } from '@kinoport/core/testing';
import { describe, expect, it } from 'vitest';
import { PlaybackPlayer } from '../../../../plugins/watch-together/src/control/playbackPlayer.ts';

describe('a playback session as a player', () => {
  it('has the states and commands of its session alone, and is gone with it', async () => {
    const playback = new TestPlayback();
    playback.start();
    playback.start({ id: 'other' });
    const player = await PlaybackPlayer.open(playback, 'session');
    const told: string[] = [];
    player.onDidChangeState(({ status }) => told.push(status));
    playback.change({ status: 'paused' });
    playback.change({ status: 'buffering' }, 'other');
    await player.seek(12, { exact: true, id: 'x-1' });
    playback.close('other');
    playback.close();
    expect(told).toEqual(['paused', 'gone']);
    expect(player.state.status).toBe('gone');
    expect(playback.calls).toEqual([
      { id: 'session', method: 'seek', args: [12, { exact: true, id: 'x-1' }] },
    ]);
    await player.dispose();
  });

  it('does not miss what changes while it is opened', async () => {
    const playback = new TestPlayback();
    playback.start();
    const opened = PlaybackPlayer.open(playback, 'session');
    playback.change({ rate: 1.5 });
    expect((await opened).state.rate).toBe(1.5);
  });

  it('needs a session', async () => {
    await expect(PlaybackPlayer.open(new TestPlayback(), 'none')).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
  });
});
