8J

brand îÍ<p?{®Gáz¤?J!
	
channel`6ÁŽçÿ}?{®Gáz¤?J*

days_since_visit¨aãgÔ/?š™™™™™©?J 

device@aºÙVžy?{®Gáz¤?J"


discountð9›£;Ò?š™™™™™©?J

pricesÎ¹ƒ?š™™™™™©?J&

product_line ]Õ‚£^x?{®Gáz¤?J 

region€Ô.fû%€?{®Gáz¤?