/* No paragraph at all. */
/*H:010 Once. :*/
