-- Indexes that keep every list and filter flat, whatever the number of rows. Each has the order of its list to the end,
-- the key included, and is described beside its row (workers/domain/state), word for word.
--
-- Most events are of few kinds, and most payments are paid. What is common is found by looking at the latest rows; an
-- index holds only what is rare, so that the common event does not pay for it.

DROP INDEX inbox_received;
DROP INDEX inbox_outcome;
CREATE INDEX inbox_received ON inbox (received_at, key);
CREATE INDEX inbox_by_type ON inbox (type, received_at, key)
  WHERE type <> 'checkout.session.completed' AND type <> 'payment_intent.succeeded';
CREATE INDEX inbox_by_source ON inbox (source, received_at, key) WHERE source <> 'stripe';
CREATE INDEX inbox_by_outcome ON inbox (outcome, received_at, key) WHERE outcome <> 'applied';
CREATE INDEX inbox_parked_by_reason ON inbox (reason, received_at, key) WHERE outcome = 'parked';

CREATE INDEX alerts_by_kind ON alerts (kind, created_at, id);
CREATE INDEX alerts_by_subject ON alerts (subject, created_at, id);

-- A payment is listed where its intent is, and those that have none where their session or charge is.
CREATE INDEX payment_intents_created ON payment_intents (created_at, key);
CREATE INDEX payment_intents_by_user ON payment_intents (user_id, created_at, key) WHERE user_id IS NOT NULL;
CREATE INDEX payment_intents_by_customer ON payment_intents (customer, created_at, key) WHERE customer IS NOT NULL;
CREATE INDEX payment_intents_by_status ON payment_intents (status, created_at, key)
  WHERE status <> 'paid' AND (version IS NOT NULL OR CAST(sessions AS text) = '[]');
CREATE INDEX checkout_sessions_without_intent ON checkout_sessions (created_at, key) WHERE payment_intent IS NULL;
CREATE INDEX checkout_sessions_by_user ON checkout_sessions (user_id, created_at, key) WHERE user_id IS NOT NULL;
CREATE INDEX checkout_sessions_by_customer ON checkout_sessions (customer, created_at, key) WHERE customer IS NOT NULL;
CREATE INDEX checkout_sessions_by_status ON checkout_sessions (status, created_at, key) WHERE status <> 'paid';
CREATE INDEX charges_without_intent ON charges (created_at, key) WHERE payment_intent IS NULL;
CREATE INDEX charges_by_customer ON charges (customer, created_at, key) WHERE customer IS NOT NULL;
CREATE INDEX charges_refunded_in_part ON charges (created_at, key)
  WHERE amount_refunded > 0 AND amount_refunded < amount;
CREATE INDEX charges_refunded_in_full ON charges (created_at, key)
  WHERE amount_refunded > 0 AND amount_refunded >= amount;

CREATE INDEX fulfillments_created ON fulfillments (created_at, key);
DROP INDEX fulfillments_payment;
CREATE INDEX fulfillments_by_payment ON fulfillments (payment, created_at, key);

CREATE INDEX subscriptions_created ON subscriptions (created_at, key);
CREATE INDEX subscriptions_by_user ON subscriptions (user_id, created_at, key) WHERE user_id IS NOT NULL;
DROP INDEX subscriptions_customer;
CREATE INDEX subscriptions_by_customer ON subscriptions (customer, created_at, key) WHERE customer IS NOT NULL;
CREATE INDEX subscriptions_by_status ON subscriptions (status, created_at, key) WHERE status IS NOT NULL;

CREATE INDEX accounts_created ON accounts (created_at, key);
DROP INDEX accounts_user;
CREATE INDEX accounts_by_user ON accounts (user_id, created_at, key) WHERE user_id IS NOT NULL;

CREATE INDEX payouts_created ON payouts (created_at, key);
CREATE INDEX payouts_by_account ON payouts (account, created_at, key) WHERE account IS NOT NULL;
CREATE INDEX payouts_by_status ON payouts (status, created_at, key) WHERE status IS NOT NULL;
