# Assignment: predict which of four gestures was made, from 8x8 pressure maps
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(15)

gesture = torch.randn(4, 1, 8, 8)
labels = torch.randint(0, 4, (320,))
maps = gesture[labels] + 0.8 * torch.randn(320, 1, 8, 8)
maps = (maps - maps.mean()) / maps.std()
loader = DataLoader(TensorDataset(maps, labels), batch_size=32, shuffle=True)


class GestureNet(nn.Module):
    def __init__(self, hidden=40):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(128, hidden)
        self.fc2 = nn.Linear(hidden, 4)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv(x)))  # coach-line: shape-mismatch
        x = torch.relu(self.fc1(x))  # coach: shape-mismatch; fix: flatten(
        return self.fc2(x)


net = GestureNet()
print(net)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)

for epoch in range(4):
    running = 0.0
    for x, t in loader:
        optimizer.zero_grad()
        out = net(x)
        loss = criterion(out, t)
        loss.backward()
        optimizer.step()
        running += loss.item()
    print("epoch", epoch + 1, "loss", running / len(loader))
