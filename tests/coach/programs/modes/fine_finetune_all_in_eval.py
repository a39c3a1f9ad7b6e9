import gradbook as torch
import gradbook.nn as nn

pretrained = nn.Sequential(nn.Linear(10, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Dropout(0.5))
head = nn.Linear(20, 4)
pretrained.eval()  # keep the statistics of the large data set
optimizer = torch.optim.Adam([{"params": pretrained.parameters(), "lr": 1e-5}, {"params": head.parameters()}], lr=1e-3)
x, y = torch.randn(32, 10), torch.randint(0, 4, (32,))
for step in range(12):
    loss = nn.functional.cross_entropy(head(pretrained(x)), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, loss.item())
