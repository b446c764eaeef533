-- A customer who signs in by a mail's link has no password until it sets one. Not valid: the checks before were stricter,
-- so that no row needs to be read.
alter table customers drop constraint customers_check1;
alter table customers add constraint customers_password_check
    check (deleted_at is null or password_hash is null) not valid;

-- A token of `sign_in` belongs to an address, whether or not a customer has it yet.
alter table email_tokens drop constraint email_tokens_purpose_check;
alter table email_tokens add constraint email_tokens_purpose_check
    check (purpose in ('verify', 'change', 'reset', 'sign_in')) not valid;
alter table email_tokens drop constraint email_tokens_check;
alter table email_tokens add constraint email_tokens_customer_check
    check ((purpose in ('verify', 'sign_in')) = (customer_id is null)) not valid;
