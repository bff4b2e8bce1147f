/* nothing.c is a job that ends at once. */
int
main(void)
{
	return 0;
}
