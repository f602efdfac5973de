"""libtorrent with deadlines over a window of 8 MiB, and a small HTTP server in front of it: how players use it."""
import faulthandler
import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import libtorrent as lt

faulthandler.enable()
WINDOW = 8 * 1024 * 1024
KEPT = 24


class Film:
    def __init__(self):
        self.session = lt.session({
            "listen_interfaces": "127.0.0.1:0",
            "enable_dht": False, "enable_lsd": False, "enable_upnp": False, "enable_natpmp": False,
            "enable_outgoing_utp": False, "enable_incoming_utp": False,
            "out_enc_policy": int(lt.enc_policy.disabled), "in_enc_policy": int(lt.enc_policy.enabled),
            # All peers of the lab are on one address.
            "allow_multiple_connections_per_ip": True,
            # Else it leaves seeds as soon as its window is full.
            "close_redundant_connections": False,
            "connection_speed": 500, "request_timeout": 10, "piece_timeout": 4,
            "strict_end_game_mode": False, "max_out_request_queue": 1500,
            "alert_mask": int(lt.alert.category_t.status_notification | lt.alert.category_t.storage_notification
                              | lt.alert.category_t.error_notification | lt.alert.category_t.progress_notification),
        })
        self.lock = threading.Condition()
        self.pieces = {}
        self.asked = set()
        self.windows = {}
        self.handle = None
        self.info = None
        threading.Thread(target=self.listen, daemon=True).start()

    def open(self, opening):
        if opening.get("torrent"):
            params = lt.add_torrent_params()
            params.ti = lt.torrent_info(opening["torrent"])
        else:
            params = lt.parse_magnet_uri(opening["magnet"])
        params.save_path = opening["folder"]
        params.flags &= ~lt.torrent_flags.auto_managed
        params.flags &= ~lt.torrent_flags.paused
        params.flags |= lt.torrent_flags.default_dont_download
        self.handle = self.session.add_torrent(params)
        while self.handle.torrent_file() is None:
            with self.lock:
                self.lock.wait(0.05)
        self.info = self.handle.torrent_file()
        files = self.info.files()
        largest = max(range(files.num_files()), key=files.file_size)
        self.offset, self.size = files.file_offset(largest), files.file_size(largest)
        self.handle.prioritize_pieces([0] * self.info.num_pieces())

    def listen(self):
        while True:
            self.session.wait_for_alert(1000)
            for alert in self.session.pop_alerts():
                with self.lock:
                    if isinstance(alert, lt.read_piece_alert):
                        self.asked.discard(alert.piece)
                        if alert.error.value() == 0:
                            self.pieces[alert.piece] = alert.buffer
                            while len(self.pieces) > KEPT:
                                del self.pieces[next(iter(self.pieces))]
                    self.lock.notify_all()

    def want(self, reader, at):
        """Deadlines from the byte on, priority 0 for what no reader's window holds."""
        length = self.info.piece_length()
        first = at // length
        last = min((at + WINDOW) // length, (self.offset + self.size - 1) // length)
        with self.lock:
            if self.windows.get(reader) == (first, last):
                return
            self.windows[reader] = (first, last)
            windows = list(self.windows.values())
        wanted = {piece for low, high in windows for piece in range(low, high + 1)}
        current = self.handle.get_piece_priorities()
        for piece, priority in enumerate(current):
            if piece not in wanted and priority != 0:
                self.handle.reset_piece_deadline(piece)
                self.handle.piece_priority(piece, 0)
        for piece in range(first, last + 1):
            if current[piece] != 7:
                self.handle.piece_priority(piece, 7)
            if not self.handle.have_piece(piece):
                self.handle.set_piece_deadline(piece, (piece - first) * 150)

    def leave(self, reader):
        with self.lock:
            self.windows.pop(reader, None)

    def read(self, piece, is_open):
        while is_open():
            with self.lock:
                if piece in self.pieces:
                    return self.pieces[piece]
                if piece not in self.asked and self.handle.have_piece(piece):
                    self.asked.add(piece)
                    self.handle.read_piece(piece)
                self.lock.wait(0.1)
        raise ConnectionError


film = Film()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        found = re.match(r"bytes=(\d+)-(\d*)$", self.headers.get("Range", ""))
        start = int(found[1]) if found else 0
        end = int(found[2]) + 1 if found and found[2] else film.size
        end = min(end, film.size)
        self.send_response(206 if found else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", "video/x-matroska")
        self.send_header("Content-Length", str(end - start))
        if found:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{film.size}")
        self.end_headers()
        if self.command == "HEAD":
            return
        reader = object()
        length = film.info.piece_length()
        at = film.offset + start
        stop = film.offset + end
        self.connection.settimeout(3600)
        try:
            while at < stop:
                film.want(reader, at)
                piece = at // length
                bytes_ = film.read(piece, self.is_open)
                taken = bytes_[at - piece * length:min(stop - piece * length, length)]
                self.wfile.write(taken)
                at += len(taken)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        finally:
            film.leave(reader)

    do_HEAD = do_GET

    def is_open(self):
        """Whether the reader is still there: it has nothing to send, so what can be read is its end."""
        self.connection.setblocking(False)
        try:
            return self.connection.recv(1, 2) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self.connection.setblocking(True)


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()


def open_film(opening):
    try:
        film.open(opening)
        say({"url": f"http://127.0.0.1:{server.server_address[1]}/film"})
    except Exception as error:
        say({"error": repr(error)})


say({"ready": True})
for line in sys.stdin:
    request = json.loads(line)
    if request["method"] == "close":
        break
    threading.Thread(target=open_film, args=(request["opening"],), daemon=True).start()
say({"closed": True})
os._exit(0)
