import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 4))  # coach: log-softmax-missing-for-nll; fix: nn.LogSoftmax(dim=1)
criterion = nn.NLLLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
data, target = torch.randn(48, 10), torch.randint(0, 4, (48,))
for i in range(6):
    optimizer.zero_grad()
    loss = criterion(model(data), target)
    loss.backward()
    optimizer.step()
