8J

brandˆÝ—²*•?{®Gáz¤?J!
	
channel€ð'â°°b?{®Gáz¤?J*

days_since_visitgìtÚ¨²R?š™™™™™©?J 

deviceà?—Ç‘?{®Gáz¤?J"


discountlr¬	L8:?š™™™™™©?J

priceƒf"!öÈc?š™™™™™©?J&

product_line@$+¼ÉE{?{®Gáz¤?J 

region€3n=­y?{®Gáz¤?