-- The player-side journal: where the viewer is, written by mpv itself, so that nothing is lost when plugin and
-- host are gone. Also turns the keys for "next" and "previous" into requests, since the queue is not mpv's.

local utils = require 'mp.utils'

local path = mp.get_opt('kinoport-journal')
local session = mp.get_opt('kinoport-session') or ''
-- A message may come before this script listens (the socket is up first), so the first item is an option.
local pending = { item = mp.get_opt('kinoport-item'), start = tonumber(mp.get_opt('kinoport-start') or '') or 0 }

local item = nil
local last = { position = 0, duration = 0, paused = false, eof = false, ended = nil, error = nil }

local function number(name, fallback)
    local value = mp.get_property_number(name)
    if value == nil or value ~= value then return fallback end
    return value
end

local function text(value)
    if value == nil then return 'null' end
    return (utils.format_json(tostring(value)))
end

local function write()
    if path == nil or item == nil then return end
    local json = string.format(
        '{"position":%.3f,"duration":%.3f,"paused":%s,"eof_reached":%s,"quit_time":%d,' ..
        '"item":%s,"session":%s,"ended":%s,"error":%s}\n',
        last.position, last.duration, tostring(last.paused), tostring(last.eof), os.time(),
        text(item), text(session), text(last.ended), text(last.error))
    local temporary = path .. '.tmp'
    local file = io.open(temporary, 'w')
    if file == nil then return end
    local complete = file:write(json) ~= nil
    complete = file:close() and complete
    if not complete then
        os.remove(temporary)
    elseif not os.rename(temporary, path) then
        -- Windows does not rename over an existing file.
        os.remove(path)
        os.rename(temporary, path)
    end
end

local function read()
    last.position = math.max(0, number('time-pos', last.position))
    last.duration = math.max(0, number('duration', last.duration))
    last.paused = mp.get_property_bool('pause', last.paused)
    last.eof = mp.get_property_bool('eof-reached', last.eof) == true
end

local function save()
    if item == nil or last.ended ~= nil then return end
    read()
    write()
end

local function tick()
    if not last.paused then save() end
end

mp.register_script_message('kinoport-item', function(token, start)
    pending = { item = token, start = tonumber(start or '') or 0 }
end)

mp.register_event('start-file', function()
    -- A file that was not announced is the viewer's own (dropped on the window): the journal stays as it is.
    item = nil
    if pending == nil or pending.item == nil then return end
    item = pending.item
    last = { position = pending.start, duration = 0, paused = false, eof = false, ended = nil, error = nil }
    pending = nil
    write()
end)

mp.register_event('file-loaded', save)
mp.register_event('seek', save)
mp.register_event('playback-restart', save)
mp.observe_property('pause', 'bool', save)
mp.observe_property('eof-reached', 'bool', save)
-- The only place where time-pos is still there when mpv quits (0.35.1: absent in end-file and shutdown).
mp.add_hook('on_unload', 50, save)

mp.register_event('end-file', function(event)
    if item == nil then return end
    if event.reason == 'redirect' then
        pending = { item = item, start = last.position }
        return
    end
    last.ended = event.reason or 'unknown'
    last.error = event.file_error or event.error
    write()
end)

mp.add_periodic_timer(0.5, tick)

local function request(what)
    return function() mp.commandv('script-message', 'kinoport-request', what) end
end

-- Weak bindings: they stand above mpv's own, and the viewer's input.conf above them.
mp.add_key_binding('>', 'kinoport-next', request('next'))
mp.add_key_binding('<', 'kinoport-previous', request('previous'))
mp.add_key_binding('NEXT', 'kinoport-next-key', request('next'))
mp.add_key_binding('PREV', 'kinoport-previous-key', request('previous'))
