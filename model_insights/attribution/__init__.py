"""The account row by row (tiers T2 and T3; methods A6.2): parts the rates line of the ledger into quality, mix, unseen and concept."""
