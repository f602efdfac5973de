#!/usr/bin/env bash
# Makes host/media/demo.mkv: every picture and every sound is computed by scripts/demo, nothing is recorded.
# Needs ffmpeg with libx264 and libopus. About half a minute.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

node scripts/demo/tune.mjs > "$work/tune.f32"
# A key frame every 2 s (48 frames) makes seeking cheap; `bitexact` keeps encoder versions and dates out.
node scripts/demo/picture.mjs | ffmpeg -hide_banner -loglevel warning -y \
  -f rawvideo -thread_queue_size 64 -pixel_format rgb24 -video_size 640x360 -framerate 24 -i - \
  -f f32le -ar 48000 -ac 2 -channel_layout stereo -thread_queue_size 64 -i "$work/tune.f32" \
  -map 0:v -map 1:a -t 30 \
  -vf 'scale=out_color_matrix=bt709:out_range=tv,format=yuv420p' \
  -c:v libx264 -preset slow -crf "${CRF:-23}" -tune animation -g 48 -keyint_min 48 -sc_threshold 0 -bf 2 \
  -colorspace bt709 -color_primaries bt709 -color_trc bt709 -color_range tv \
  -c:a libopus -b:a 64k \
  -metadata title='Kinoport: a night at the harbour' -metadata:s:a language=eng \
  -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
  "$work/demo.mkv"

mkdir -p host/media
mv "$work/demo.mkv" host/media/demo.mkv
ls -l host/media/demo.mkv
