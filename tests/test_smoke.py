def test_a(client): 
    r=client.get("/v1/commitments?initiative=compact&kind=procurement"); assert r.status_code==200, r.text
    assert r.json()["meta"]["total"]==3
def test_b(both):
    a,b=both
    assert a.get("/v1").content==b.get("/v1").content
def test_c(fresh_database): assert fresh_database.tables()==[]
def test_d(own_database): assert own_database.revision==1
