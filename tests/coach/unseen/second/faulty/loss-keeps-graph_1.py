import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import TensorDataset, DataLoader

torch.manual_seed(10)
labels = torch.randint(0, 3, (240,))
points = torch.randn(240, 2) * 0.5 + torch.tensor([[0.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])[labels]
trainloader = DataLoader(TensorDataset(points, labels), batch_size=24, shuffle=True)

net = nn.Sequential(nn.Linear(2, 20), nn.ReLU(), nn.Linear(20, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

for epoch in range(4):
    running_loss = 0
    for i, data in enumerate(trainloader):
        inputs, targets = data
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        running_loss += loss  # coach: loss-keeps-graph; fix: loss.item()
    print('[%d] loss: %.3f' % (epoch + 1, float(running_loss) / len(trainloader)))
print('Finished Training')
# coach-also: memory-growth
