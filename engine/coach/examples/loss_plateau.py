import gradbook as torch
from gradbook import nn

model = nn.Linear(8, 2)
nn.init.zeros_(model.weight)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)  # coach: loss-plateau
for step in range(60):
    x, y = torch.randn(64, 8), torch.randint(0, 2, (64,))  # labels that have nothing to do with the data
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
