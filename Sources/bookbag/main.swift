print("bookbag")
