import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
x = torch.randn(60, 4)
y = nn.functional.one_hot(torch.randint(0, 3, (60,)), 3).float()
history = []
for epoch in range(10):
    p = torch.softmax(model(x), dim=1)
    loss = -(y * torch.log(p + 1e-9)).sum(1).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    history.append(loss.item())
print(torch.log(torch.zeros(3)))
