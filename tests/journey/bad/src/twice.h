/*P:0100 The number of open.c. :*/
/*P:101 A second paragraph. :*/
/*H:10 The number of none.c. :*/
