"""Effects that move: tremolo, vibrato, chorus, flanger, phaser, rotary speaker."""
