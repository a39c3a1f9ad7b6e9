import gradbook as torch
import gradbook.nn as nn

judge = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 1))
pretrain = torch.optim.Adam(judge.parameters(), lr=1e-2)
x = torch.randn(50, 3)
for step in range(6):
    pretrain.zero_grad()
    nn.functional.mse_loss(judge(x), x.sum(1, keepdim=True)).backward()
    pretrain.step()

maker = nn.Linear(2, 3)
optimizer = torch.optim.SGD(maker.parameters(), lr=0.1)
for step in range(10):
    made = maker(torch.randn(20, 2))
    loss = -judge(made).mean() + made.pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
