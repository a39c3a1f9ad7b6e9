import gradbook as torch
from gradbook import nn

table = nn.Embedding(30, 64)
nn.init.normal_(table.weight, std=20.0)  # coach: suspicious-initial-loss
out = nn.Linear(64, 30)
opt = torch.optim.AdamW([*table.parameters(), *out.parameters()], lr=1e-3)
tokens = torch.randint(0, 30, (64, 2))
criterion = nn.CrossEntropyLoss()
for i in range(5):
    loss = criterion(out(table(tokens[:, 0])), tokens[:, 1])
    opt.zero_grad()
    loss.backward()
    opt.step()  # coach-also: bad-init
