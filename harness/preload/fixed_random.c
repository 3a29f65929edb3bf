void pgduet_placeholder(void);
