module casper.invalid/lab/images/pause

go 1.26
