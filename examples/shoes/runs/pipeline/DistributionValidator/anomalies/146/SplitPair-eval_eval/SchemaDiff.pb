8J

brand’ˆ†k•?{®Gáz¤?J!
	
channel`\â(qP‡?{®Gáz¤?J*

days_since_visitöGœ¢%8Q?š™™™™™©?J 

device Ôü;Ž¸ˆ?{®Gáz¤?J"


discountT$Í|0Z?š™™™™™©?J

priceáuƒYïb?š™™™™™©?J&

product_linep»‹w3ƒ?{®Gáz¤?J 

region€Å3®DÂx?{®Gáz¤?