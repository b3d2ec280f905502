"""Second-order filter sections: the state-variable core, its designs, its layout in lanes.

svf      numbers of a section from a biquad or a prototype; the core as a plain loop
matched  low-pass, high-pass and bell that follow the analogue filter up to the band's end
prototypes  Butterworth, Linkwitz-Riley and Bessel filters as sections
crossover_tree  the sections of a crossover, which chain of them feeds which
graphic  the gains of the bells of a graphic equalizer
decay    how long a section rings
matched_shelf  shelves of the same kind
design   a C function that designs a section and writes it into a group of lanes
chains   where chains of sections lie in groups of eight lanes; the kernel that plays them
tone_stacks  three biquads as in the NAM plugin; passive circuits as systems of three states
"""
