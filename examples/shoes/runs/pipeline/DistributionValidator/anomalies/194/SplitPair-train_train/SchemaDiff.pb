8J

brand _L½ÉŠ?{®Gáz¤?J!
	
channel@Ü>V·Å?{®Gáz¤?J*

days_since_visitš›îœö:?š™™™™™©?J 

device „ ‡æÈ†?{®Gáz¤?J"


discount°‡x=½*?š™™™™™©?J

priceWvU3æœc?š™™™™™©?J&

product_line€[$“Q»Œ?{®Gáz¤?J 

region RBÙ*Ÿ?{®Gáz¤?