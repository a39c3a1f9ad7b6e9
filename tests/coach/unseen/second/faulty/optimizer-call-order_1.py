import gradbook as torch
import gradbook.nn as nn
import gradbook.optim as optim

torch.manual_seed(1)


class IrisNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 16)
        self.fc2 = nn.Linear(16, 3)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        return self.fc2(x)


means = torch.tensor([[1.0, 0, 0, -1], [-1, 1, 0, 1], [0, -1, 1, 0]])
y = torch.arange(150) % 3
X = means[y] + 0.4 * torch.randn(150, 4)

model = IrisNet()
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

for epoch in range(30):
    output = model(X)
    loss = criterion(output, y)
    loss.backward()
    optimizer.zero_grad()  # coach: optimizer-call-order
    optimizer.step()
    if epoch % 5 == 0:
        acc = (output.argmax(1) == y).float().mean().item()
        print('Epoch', epoch, 'Loss', loss.item(), 'Acc', acc)
# coach-also: loss-plateau, stale-optimizer, update-ratio-low
