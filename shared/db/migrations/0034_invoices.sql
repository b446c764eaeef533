-- Documents of test orders have series of their own, so that the numbers of real invoices have no gaps.
alter table invoice_series drop constraint invoice_series_series_check;
alter table invoice_series add constraint invoice_series_series_check
    check (series in ('invoice', 'credit_note', 'test_invoice', 'test_credit_note'));
insert into invoice_series values ('test_invoice', 0), ('test_credit_note', 0);
alter table invoices drop constraint invoices_refund_check;
alter table invoices add constraint invoices_refund_check
    check ((series in ('credit_note', 'test_credit_note')) = (refund_id is not null));
drop index invoices_of_order;
create unique index invoices_of_order on invoices (order_id) where refund_id is null;

-- A refund that fails after its credit note: a document of the same series takes the credit note back.
alter table invoices add column reverses uuid references invoices;
alter table invoices add constraint invoices_reverses_check check (reverses is null or refund_id is not null);
create unique index invoices_reverses on invoices (reverses) where reverses is not null;
drop index invoices_refund;
create unique index invoices_credit on invoices (refund_id) where refund_id is not null and reverses is null;

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % never change', tg_table_name using errcode = 'restrict_violation';
end
$$;
create trigger invoices_never_change before update or delete on invoices
    for each row execute function refuse_change();
