import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(3)


class SmallCNN(nn.Module):
    def __init__(self, n_classes=10):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.fc = nn.Linear(8 * 4 * 4, n_classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), 2)
        return self.fc(x.flatten(1))


protos = torch.randn(4, 1, 8, 8)
labels = torch.randint(0, 4, (320,))
images = protos[labels] + 0.7 * torch.randn(320, 1, 8, 8)
images = (images - images.mean()) / images.std()
train_dl = DataLoader(TensorDataset(images, labels), batch_size=32, shuffle=True)

model = SmallCNN()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)  # coach-line: stale-optimizer
# our data only has 4 classes
model.fc = nn.Linear(8 * 4 * 4, 4)  # coach: stale-optimizer; fix: .parameters()
loss_fn = nn.CrossEntropyLoss()

for epoch in range(4):
    model.train()
    hits = 0
    for xb, yb in train_dl:
        optimizer.zero_grad()
        out = model(xb)
        loss = loss_fn(out, yb)
        loss.backward()
        optimizer.step()
        hits += (out.argmax(1) == yb).sum().item()
    print(epoch, round(loss.item(), 4), hits / len(images))
