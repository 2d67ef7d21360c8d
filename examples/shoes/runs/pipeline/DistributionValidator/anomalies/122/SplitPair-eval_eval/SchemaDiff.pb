8J

brand GV|˜?{®Gáz¤?J!
	
channel@³¡4ã-?{®Gáz¤?J*

days_since_visit¸PÉ‰ÑVQ?š™™™™™©?J 

device@ºÈŸ­z?{®Gáz¤?J"


discount@@7Eø0?š™™™™™©?J

priceşŸŸwË‡‹?š™™™™™©?J&

product_lineè[Õ\“?{®Gáz¤?J 

regionÀûJ ì‡?{®Gáz¤?