import gradbook as torch
import gradbook.nn as nn

enc = nn.Linear(4, 8)
head = nn.Linear(8, 2)
o = torch.optim.SGD([*enc.parameters(), *head.parameters()], 0.1)
X = torch.randn(10, 4)
Y = torch.randint(0, 2, (10,))
for e in range(3):
    with torch.inference_mode():  # coach: training-under-no-grad
        h = enc(X).relu()
    l = nn.functional.cross_entropy(head(h), Y)
    o.zero_grad()
    l.backward()
    o.step()
