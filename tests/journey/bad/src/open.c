/*P:100 Fine. :*/
/*H:020 Never closed.
 */
/*H:30 Opens inside. :*/
/*:*/
/*Q:1 No such chapter. :*/
/*G:010 Left open
