/** For `kinoport plugin test`: neither screen nor sound card, whatever the machine has. */
export default { config: { args: ['--no-config', '--vo=null', '--ao=null'] } };
