ò
priceè(:Ú?GHigh approximate Jensen-Shannon divergence between current and previousŒThe approximate Jensen-Shannon divergence between current and previous is 0.832033 (up to six significant digits), above the threshold 0.05.B
price8J

brand OV¸Ò†y?{®Gáz¤?J!
	
channel0¥²ÓJU‘?{®Gáz¤?J*

days_since_visit:qÓ§Ê×>?š™™™™™©?J 

devicep”RK•?{®Gáz¤?J"


discountÔK®</?š™™™™™©?J

price¨d ê?š™™™™™©?J&

product_lineĞÃ;û&“?{®Gáz¤?J 

region`Íø®Š?{®Gáz¤?