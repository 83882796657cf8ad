"""What real clients send, asked of a server: is it served as these clients need it?

A check is a row of data and one function. Each asks as its client does, to the header and the
order of the fields, with nothing but the standard library's http.client.
"""
